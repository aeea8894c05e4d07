"""Door 1, HTTP: the directory's routes by subject."""

from services.directory.views import access, homes, people, places, staff

blueprints = [access.blp, places.blp, homes.blp, people.blp, staff.blp]
