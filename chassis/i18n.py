"""Every sentence a person reads exists in Chinese and in English."""

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

CHINESE, ENGLISH = "zh-CN", "en"


class Sentence(str):
    """A sentence in both languages. As plain text it is the English one, so that it fits wherever text is expected."""

    zh: str

    def __new__(cls, en: str, zh: str):
        sentence = super().__new__(cls, en)
        sentence.zh = zh
        return sentence

    def __getnewargs__(self):
        return str(self), self.zh

    def format(self, **facts) -> "Sentence":
        return Sentence(super().format(**facts), self.zh.format(**facts))

    def said_in(self, language: str) -> str:
        return self.zh if language.startswith("zh") else str(self)


def language_of(accept_language: str | None) -> str:
    """The language to answer in: what the reader prefers of ours, and Chinese when that is neither."""
    accepted = parse_accept_header(accept_language, LanguageAccept)
    return accepted.best_match([CHINESE, ENGLISH], default=CHINESE)
