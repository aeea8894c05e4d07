"""supervisord as it is, but for one thing: once warmed, it forks our own programs from itself instead of starting Pythons.

`python -m deploy.local.supervisord -c FILE`. Each program is still a process with its own id, log and restarts. What is not
ours (PostgreSQL, RabbitMQ, nginx) is executed as ever; so is everything before `linli.warm()` was called.
"""

from supervisor import supervisord
from supervisor.options import ServerOptions

from deploy.local import launcher


class Options(ServerOptions):
    """The last thing that supervisord asks for in a child is to become its program."""

    def execve(self, filename, argv, env):
        ours = launcher.entry(argv) if launcher.is_warm() else None
        if ours:
            module, words, how = ours
            launcher.become(module, words, env, how)
        super().execve(filename, argv, env)


class Interface:
    """What supervisord can be asked to do beside its own: `linli.warm()`."""

    def warm(self):
        """Import what our programs need. Takes seconds, in which supervisord does nothing else."""
        launcher.warm()
        return True


def make_interface(_supervisord, **_options):
    return Interface()


def main():
    supervisord.ServerOptions = Options
    supervisord.main()


if __name__ == "__main__":
    main()
