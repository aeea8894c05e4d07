"""Take down everything that `up` started, the servers last."""

import shutil

from chassis import servers
from deploy.local import supervise
from deploy.local.words import say, step


def down():
    if not supervise.is_running():
        return say("Linli is not running here.", "邻里未在此处运行。")
    with step("ending services, then servers", "停止各服务与服务器"):
        take_down()


def take_down():
    """Programs are tied to supervisord, so that none outlives it, however it ends."""
    if supervise.is_running():
        supervise.shut_down()
    for folder in (servers.socket_dir(), servers.socket_dir("postgres", servers.server_account())):
        shutil.rmtree(folder)
