"""Door 2: other services' events. `directory` keeps our copies and writes about accounts, `tickets` tells people how it goes."""

from services.notify.reactions.analysis import *  # noqa: F403
from services.notify.reactions.directory import *  # noqa: F403
from services.notify.reactions.tickets import *  # noqa: F403
