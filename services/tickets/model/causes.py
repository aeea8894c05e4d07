"""Why things break: a short list, the same for all operators, so that causes can be counted."""

from typing import NamedTuple


class Cause(NamedTuple):
    code: str
    zh: str
    en: str


CAUSES = (
    Cause("wear", "老化磨损", "Wear and age"),
    Cause("blockage", "堵塞", "Blockage"),
    Cause("misuse", "使用不当", "Misuse"),
    Cause("damage", "人为或意外损坏", "Damage, wilful or by accident"),
    Cause("workmanship", "施工质量", "Workmanship"),
    Cause("material", "材料或产品缺陷", "Faulty material or product"),
    Cause("maintenance", "保养不到位", "Lack of maintenance"),
    Cause("weather", "天气", "Weather"),
    Cause("supply", "市政供应", "Public supply"),
    Cause("pests", "虫鼠害", "Pests"),
    Cause("no_fault", "未发现故障", "No fault found"),
    Cause("other", "其他", "Other"),
)
CODES = tuple(cause.code for cause in CAUSES)
