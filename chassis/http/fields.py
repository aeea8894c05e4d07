"""What bodies and queries are made of, beside marshmallow's own fields: strict schemas, text, money, moments, pages."""

import re
from datetime import UTC, datetime

import marshmallow
from marshmallow import RAISE, ValidationError, fields
from marshmallow.validate import Length, Range

from chassis.dumping import EXPRESSIONS, MOMENT
from chassis.i18n import Sentence

UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")  # what PostgreSQL's text cannot hold
BLANK = Sentence("Write something that can be seen.", "请填写可见的内容。")
UNKEEPABLE_TEXT = Sentence(
    "This text holds characters that cannot be stored: remove them.", "文本含有无法保存的字符，请删除。"
)
MOST = 2**53 - 1  # the largest whole number that every JSON reader keeps exactly
FIRST, LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _listed(validators) -> list:
    return [validators] if callable(validators) else list(validators)


class Schema(marshmallow.Schema):
    """A body, a query or a view. Fields it does not name are refused."""

    class Meta:
        unknown = RAISE


class Text(fields.String):
    """Text of at most `max` characters; nothing is stripped, and what cannot be stored is refused.

    With `min`, something must be there to be seen: blanks and invisible marks alone are no text.
    """

    default_error_messages = {"unkeepable": UNKEEPABLE_TEXT, "blank": BLANK}

    def __init__(self, *, max: int, min: int = 0, **kwargs):
        self.filled = min > 0
        pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$" if self.filled else r"^[^\u0000]*$"
        metadata = {"pattern": pattern, **kwargs.pop("metadata", {})}
        validators = [Length(min=min or None, max=max), *_listed(kwargs.pop("validate", ()))]
        super().__init__(validate=validators, metadata=metadata, **kwargs)

    def _deserialize(self, value, attr, data, **kwargs):
        text = super()._deserialize(value, attr, data, **kwargs)
        if UNKEEPABLE.search(text):
            raise self.make_error("unkeepable")
        if self.filled and not any(sign.isprintable() and not sign.isspace() for sign in text):
            raise self.make_error("blank")
        return text


class Fen(fields.Integer):
    """Money: whole fen, 100 to the yuan. Never a fraction and never text."""

    def __init__(self, *, min: int = 0, max: int = MOST, **kwargs):
        metadata = {"format": "int64", **kwargs.pop("metadata", {})}
        validators = [Range(min=min, max=max), *_listed(kwargs.pop("validate", ()))]
        super().__init__(strict=True, validate=validators, metadata=metadata, **kwargs)


class AwareDateTime(fields.AwareDateTime):
    """A moment with its offset (RFC 3339), kept and told in UTC; between the years 1900 and 2199."""

    default_error_messages = {
        "distant": Sentence("Give a moment between 1900 and 2199.", "请填写 1900 年至 2199 年之间的时刻。"),
    }

    def _deserialize(self, value, attr, data, **kwargs):
        try:
            moment = super()._deserialize(value, attr, data, **kwargs).astimezone(UTC)
        except OverflowError as error:
            raise self.make_error("distant") from error
        if not FIRST <= moment < LAST:
            raise self.make_error("distant")
        return moment

    def _serialize(self, value, attr, obj, **kwargs):
        told = super()._serialize(value and value.astimezone(UTC), attr, obj, **kwargs)
        return told and told.replace("+00:00", "Z")


class PageQuery(Schema):
    """How much of a list, and from where."""

    limit = fields.Integer(
        load_default=50, validate=Range(min=1, max=200), metadata={"description": "How many, at most"}
    )
    after = Text(max=1000, load_default=lambda: None, metadata={"description": "`next` of the page before"})


def wrong(en: str, zh: str) -> ValidationError:
    """A field's refusal in both languages, for a schema's own rules: `raise wrong("…", "…")`."""
    return ValidationError(Sentence(en, zh))


# how a compiled dump writes ours
EXPRESSIONS |= {Text: EXPRESSIONS[fields.String], Fen: EXPRESSIONS[fields.Integer], AwareDateTime: MOMENT}
