"""marshmallow's sentences, said so that the reader knows what to do, in both languages.

A service's own rules say theirs with `Sentence(en, zh)`; these are the built-in ones.
"""

import re

from chassis.i18n import Sentence

SAID = {
    "Missing data for required field.": ("This is required: give a value.", "必填项，请填写。"),
    "Field may not be null.": (
        "This may not be null: give a value or leave it out.",
        "不能为 null，请填写或省略该项。",
    ),
    "Unknown field.": ("There is no such field here: leave it out.", "没有此项，请删除。"),
    "Invalid input type.": ("An object is expected here.", "此处应为对象。"),
    "Invalid type.": ("An object is expected here.", "此处应为对象。"),
    "Invalid value.": ("This value is not accepted: choose another.", "该值不被接受，请更换。"),
    "Invalid input.": ("This value is not accepted: choose another.", "该值不被接受，请更换。"),
    "Not a valid list.": ("A list is expected here.", "此处应为列表。"),
    "Not a valid string.": ("Text is expected here.", "此处应为文本。"),
    "Not a valid utf-8 string.": ("Text in UTF-8 is expected here.", "此处应为 UTF-8 文本。"),
    "Not a valid UUID.": ("An id (UUID) is expected here.", "此处应为编号（UUID）。"),
    "Not a valid number.": ("A number is expected here.", "此处应为数字。"),
    "Not a valid integer.": ("A whole number is expected here.", "此处应为整数。"),
    "Number too large.": ("This number is too large: give a smaller one.", "数字过大，请减小。"),
    "Special numeric values (nan or infinity) are not permitted.": (
        "An ordinary number is expected.",
        "此处应为普通数字。",
    ),
    "Not a valid boolean.": ("true or false is expected here.", "此处应为 true 或 false。"),
    "Not a valid date.": ("A date such as 2026-11-23 is expected here.", "此处应为日期，如 2026-11-23。"),
    "Not a valid time.": ("A time such as 08:30 is expected here.", "此处应为时间，如 08:30。"),
    "Not a valid datetime.": (
        "A moment such as 2026-11-23T08:30:00Z is expected here.",
        "此处应为时刻，如 2026-11-23T08:30:00Z。",
    ),
    "Not a valid aware datetime.": (
        "A moment with its offset is expected here, such as 2026-11-23T08:30:00Z.",
        "此处应为带时区的时刻，如 2026-11-23T08:30:00Z。",
    ),
    "Not a valid mapping type.": ("An object is expected here.", "此处应为对象。"),
    "Not a valid URL.": ("A web address is expected here.", "此处应为网址。"),
    "Not a valid email address.": ("An e-mail address is expected here.", "此处应为电子邮箱。"),
    "Must be one of: {choices}.": ("Choose one of: {choices}.", "请选择其一：{choices}。"),
    "Must be equal to {other}.": ("This must be {other}.", "必须等于 {other}。"),
    "Must be greater than or equal to {min} and less than or equal to {max}.": (
        "Give a number from {min} to {max}.",
        "请填写 {min} 到 {max} 之间的数。",
    ),
    "Must be greater than or equal to {min}.": ("Give a number of at least {min}.", "不得小于 {min}。"),
    "Must be less than or equal to {max}.": ("Give a number of at most {max}.", "不得大于 {max}。"),
    "Must be greater than {min}.": ("Give a number above {min}.", "必须大于 {min}。"),
    "Must be less than {max}.": ("Give a number below {max}.", "必须小于 {max}。"),
    "Shorter than minimum length {min}.": ("Too short: give at least {min}.", "过短，至少 {min} 个。"),
    "Longer than maximum length {max}.": ("Too long: give at most {max}.", "过长，最多 {max} 个。"),
    "Length must be between {min} and {max}.": ("The length must be {min} to {max}.", "长度须在 {min} 到 {max} 之间。"),
    "Length must be {equal}.": ("The length must be {equal}.", "长度须为 {equal}。"),
    "String does not match expected pattern.": ("This is not written as expected.", "格式不符合要求。"),
    "One or more of the choices you made was not in: {choices}.": (
        "Choose among: {choices}.",
        "请从中选择：{choices}。",
    ),
}


def _pattern(template: str) -> re.Pattern:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(template)), re.DOTALL)


PATTERNS = [(_pattern(template), Sentence(*pair)) for template, pair in SAID.items()]


def translated(message: str) -> Sentence:
    """What we say instead of marshmallow's sentence; one we do not know is passed on as it is."""
    if isinstance(message, Sentence):
        return message
    for pattern, sentence in PATTERNS:
        found = pattern.fullmatch(message)
        if found:
            return sentence.format(**found.groupdict())
    return Sentence(message, message)
