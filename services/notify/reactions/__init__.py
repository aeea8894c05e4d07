"""Door 2: other services' events. `directory` keeps our copies and writes about accounts, the others tell people how it goes."""

from services.notify.reactions.analysis import *  # noqa: F403
from services.notify.reactions.answers import *  # noqa: F403
from services.notify.reactions.callbacks import *  # noqa: F403
from services.notify.reactions.directory import *  # noqa: F403
from services.notify.reactions.dispatch import *  # noqa: F403
from services.notify.reactions.incidents import *  # noqa: F403
from services.notify.reactions.quotes import *  # noqa: F403
from services.notify.reactions.tickets import *  # noqa: F403
