"""Invented people. Their numbers begin with 100, which no mobile network has."""

from random import Random

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "伟芳娜敏静丽强磊洋勇艳杰涛明超秀霞平刚桂文辉玲建华红军峰萍鹏飞燕波宁琳浩然子涵雨欣思远佳怡梓轩若曦"
ENGLISH = ("Emma Clarke", "Liam Turner", "Noah Bennett", "Olivia Hughes", "Ethan Foster", "Sofia Marsh")


class Invented:
    """Names and ways to reach people, the same on every installation."""

    def __init__(self, seed: str):
        self.random = Random(seed)
        self.prefix = Random(f"{seed} numbers").randrange(10, 99)
        self.count = 0

    def person(self, *, surname: str | None = None) -> dict:
        """What a `Person` is made of."""
        self.count += 1
        foreign = surname is None and self.random.random() < 0.02
        return {
            "name": self.random.choice(ENGLISH) if foreign else self.name(surname),
            "language": "en" if foreign else "zh-CN",
            "phone": f"+86100{self.prefix}{self.count:06d}",
            "email": f"resident{self.prefix}{self.count:04d}@mail.example" if self.random.random() < 0.4 else None,
        }

    def name(self, surname: str | None = None) -> str:
        given = self.random.sample(GIVEN, self.random.choice((1, 2, 2)))
        return (surname or self.random.choice(SURNAMES)) + "".join(given)

    def happens(self, share: float) -> bool:
        return self.random.random() < share
