"""Fields that several bodies share."""

import re
from datetime import date
from decimal import Decimal
from zoneinfo import available_timezones

import phonenumbers
from marshmallow import fields, validates_schema
from marshmallow.validate import Email, OneOf, Range, Regexp

from chassis.http import Schema, Text, wrong
from services.directory.model.staff import RANK

LANGUAGES = ("zh-CN", "en")
SCOPE = r"^(operator|(region|estate):[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$"
AREA = r"^[0-9]{1,7}(\.[0-9]{1,2})?$"
TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"


class OneLine(Text):
    """Text without line breaks or other control characters: it goes into letters' headers, lists and files."""

    SHAPE = r"^[^\u0000-\u001f\u007f]*$"
    FILLED = r"^[^\u0000-\u001f\u007f]*[^\s\u0000-\u001f\u007f][^\u0000-\u001f\u007f]*$"

    def __init__(self, *, min: int = 0, **kwargs):
        metadata = {"pattern": self.FILLED if min else self.SHAPE, **kwargs.pop("metadata", {})}
        super().__init__(min=min, metadata=metadata, **kwargs)

    def _deserialize(self, value, attr, data, **kwargs):
        text = super()._deserialize(value, attr, data, **kwargs)
        if not re.fullmatch(self.SHAPE, text):
            raise wrong("Write this on one line.", "此处只能填写一行文字。")
        return text


class Phone(Text):
    """A telephone number, Chinese where no country is named; kept as E.164."""

    def __init__(self, **kwargs):
        metadata = {"examples": ["13812345678"], **kwargs.pop("metadata", {})}
        super().__init__(max=30, metadata=metadata, **kwargs)

    def _deserialize(self, value, attr, data, **kwargs):
        given = super()._deserialize(value, attr, data, **kwargs)
        try:
            number = phonenumbers.parse(given, "CN")
        except phonenumbers.NumberParseException:
            number = None
        if number is None or not phonenumbers.is_possible_number(number):
            raise wrong("This is not a telephone number that can be called.", "这不是可拨打的电话号码。")
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class EmailAddress(Text):
    """An e-mail address; capitals do not tell two apart."""

    def __init__(self, **kwargs):
        super().__init__(max=254, validate=Email(), **kwargs)

    def _deserialize(self, value, attr, data, **kwargs):
        return super()._deserialize(value, attr, data, **kwargs).lower()


class Area(fields.String):
    """Square metres as text with at most two decimals: `89.60`."""

    def __init__(self, **kwargs):
        super().__init__(metadata={"pattern": AREA, "examples": ["89.60"]}, **kwargs)

    def _deserialize(self, value, attr, data, **kwargs):
        text = super()._deserialize(value, attr, data, **kwargs)
        if not re.fullmatch(AREA, text):
            raise wrong(
                "An area in m² with at most two decimals is expected here.", "此处应为面积（平方米），最多两位小数。"
            )
        return Decimal(text)

    def _serialize(self, value, attr, obj, **kwargs):
        return None if value is None else f"{value:.2f}"


def a_name(**kwargs) -> Text:
    return OneLine(min=1, max=100, **kwargs)


def a_code(**kwargs) -> Text:
    return OneLine(min=1, max=40, **kwargs)


def a_role(**kwargs) -> Text:
    return Text(max=40, validate=OneOf(list(RANK)), metadata={"enum": list(RANK)}, **kwargs)


def a_language(**kwargs) -> Text:
    return Text(max=5, validate=OneOf(LANGUAGES), metadata={"enum": list(LANGUAGES)}, **kwargs)


def a_level(**kwargs) -> fields.Integer:
    return fields.Integer(strict=True, validate=Range(min=0, max=9), **kwargs)


def a_time(**kwargs) -> Text:
    return Text(max=5, validate=Regexp(TIME), metadata={"pattern": TIME, "examples": ["08:00"]}, **kwargs)


def a_day(**kwargs) -> fields.Date:
    """A date that calendars can reckon with."""

    def near(value):
        if not date(1900, 1, 1) <= value <= date(2199, 12, 31):
            raise wrong("Give a date between 1900 and 2199.", "请填写 1900 年至 2199 年之间的日期。")

    return fields.Date(validate=near, **kwargs)


def a_zone(**kwargs) -> Text:
    """An IANA time zone."""

    def known(value):
        if value not in available_timezones():
            raise wrong(
                "There is no such time zone; take one such as Asia/Shanghai.", "没有此时区，请填写如 Asia/Shanghai。"
            )

    return Text(max=40, validate=known, metadata={"examples": ["Asia/Shanghai"]}, **kwargs)


class Somewhere(Schema):
    """One estate, one region, or neither: the whole operator."""

    estate_id = fields.UUID(metadata={"description": "Where: this estate alone"})
    region_id = fields.UUID(metadata={"description": "Where: all estates of this region"})

    @validates_schema
    def one_place(self, data, **_):
        if data.get("estate_id") and data.get("region_id"):
            raise wrong("Give an estate or a region, not both.", "小区与区域只能填写其一。")
