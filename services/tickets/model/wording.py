"""The words of a report in one spelling: simplified characters, half-width, lower case, common slips mended.

No word is ever kept from here: only looked at.
"""

import re
import unicodedata
from functools import lru_cache

TRADITIONAL = (
    "電燈亂樓門關開壞壓質滲響聲異氣燒煙災報誤滅單對講監視頭攝槍樁車違佔擋髒掃鬧蟲樹綠衛環態費賬帳發錶錢議設遞櫃崗長時間斷閘線觸"
    "帶牆頂磚縫脫馬龍廁噴濕臺陽雜鎖塊鐵損滿裡裏們個為這來還沒無從過說請點麼幾業戶棟號層處貓養擾煩寵繩離經場舊銹鏽黃渾濁淨細蒼蠅飛"
    "灑攔桿欄識餘廚園區廣緊盡內話應動運轉聞嚴險傷兒婦鄰貼條張鈴視據補復複絡網戲滾燙濃瀉洩纜鑰壓顧問題讓幫謝辦樂蓋廢棄葉滯漲攤佈倉庫鈕靈溫學樣種輛輪鬆邊遠達導該陳維護員"
)
SIMPLIFIED = (
    "电灯乱楼门关开坏压质渗响声异气烧烟灾报误灭单对讲监视头摄枪桩车违占挡脏扫闹虫树绿卫环态费账账发表钱议设递柜岗长时间断闸线触"
    "带墙顶砖缝脱马龙厕喷湿台阳杂锁块铁损满里里们个为这来还没无从过说请点么几业户栋号层处猫养扰烦宠绳离经场旧锈锈黄浑浊净细苍蝇飞"
    "洒拦杆栏识余厨园区广紧尽内话应动运转闻严险伤儿妇邻贴条张铃视据补复复络网戏滚烫浓泻泄缆钥压顾问题让帮谢办乐盖废弃叶滞涨摊布仓库钮灵温学样种辆轮松边远达导该陈维护员"
)
PLAIN = str.maketrans(TRADITIONAL, SIMPLIFIED)

# Characters of the same sound that a phone's keyboard offers first.
SLIPS = {
    "楼水": "漏水",
    "漏谁": "漏水",
    "店梯": "电梯",
    "电体": "电梯",
    "跳匝": "跳闸",
    "跳扎": "跳闸",
    "堵赛": "堵塞",
    "赌塞": "堵塞",
    "停店": "停电",
    "噪因": "噪音",
    "燥音": "噪音",
    "蟑郎": "蟑螂",
    "着活": "着火",
    "着货": "着火",
    "冒咽": "冒烟",
    "爆官": "爆管",
    "泄露": "泄漏",
}
SLIP = re.compile("|".join(SLIPS))
WORD = re.compile(r"[a-z']{5,}")

# English words that reports turn on; a word one slip away from one of them is taken for it.
KNOWN = frozenset(
    """alarm alarms attitude barking barrier basement blocked blocking branches breaker broken brown burning burst button
    buttons camera cameras ceiling charger charging clogged cloudy cockroach cockroaches corridor dirty doors drain drains
    dripping electric electricity elevator elevators escape extinguisher falling faucet fitness flickering flood flooded
    flooding garage garbage hallway hydrant intercom leaking leaks light lights lobby locker lockers loose mailbox mosquito
    mosquitoes noise noisy outage outlet overflow parcel parked parking pipes plaster playground power pressure receipt
    refund rubbish sewage shock slide smell smells smoke socket sockets sparks stairwell stopped stuck suggest suggestion
    tiles toilet trapped trash treadmill tripped tripping water working""".split()  # noqa: SIM905  easier to read so
)
# Words of their own, one letter away from one of those.
OTHERS = frozenset(
    """alert backing blocks blown brakes braking charged charges clock crown crash drawn dropping filling floor floors flour halfway
    later leads leaning locked lower packed packing paring party parts piles pines powder round shell shook slice slices
    slight small sound spell spoke stack stepped stick still stock stroke times tires toiled tower wafer waiter
    wider""".split()  # noqa: SIM905
)


def plain(text: str) -> str:
    """The text in one spelling, of the same meaning."""
    text = unicodedata.normalize("NFKC", text).casefold().translate(PLAIN).replace("’", "'")
    text = SLIP.sub(lambda found: SLIPS[found[0]], text)
    text = WORD.sub(lambda found: _known(found[0]), text)
    return re.sub(r"\s+", " ", text)


def grams(text: str) -> set[str]:
    """What can be learnt from a plain text: pairs of Chinese characters and English words.

    `learning.py` takes the same apart in SQL.
    """
    pairs = {text[n : n + 2] for n in range(len(text) - 1)}
    return {pair for pair in pairs if re.fullmatch(r"[一-鿿]{2}", pair)} | set(re.findall(r"[a-z]{3,}", text))


@lru_cache(maxsize=4096)
def _known(word: str) -> str:
    if word in KNOWN or word in OTHERS:
        return word
    near = [each for each in KNOWN if each[0] == word[0] and _one_slip(word, each)]
    return min(near, default=word)


def _one_slip(one: str, other: str) -> bool:
    """Whether one letter more, less, changed, or two neighbours swapped make the one word into the other."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return one == other
    start = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    a, b = one[start:], other[start:]
    swapped = a[:2][::-1] == b[:2] and a[2:] == b[2:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or swapped
