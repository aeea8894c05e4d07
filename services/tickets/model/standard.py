"""What every operator starts with. Its own words and limits are laid over it; no code ever changes its meaning."""

from services.tickets.events import Urgency
from services.tickets.model.categories import Category, Place, Problem, within

EMERGENCY, URGENT = Urgency.EMERGENCY, Urgency.URGENT
BURST = within(review="15 min", arrival="30 min", resolution="4 h")
TRAPPED = within(review="5 min", arrival="30 min", resolution="2 h")

CATEGORIES = (
    Category(
        "ELV",
        "电梯",
        "Lift",
        skill="elevator",
        licensed=True,
        limits=within(review="1 h", arrival="2 h", resolution="24 h"),
        problems=(
            Problem("trapped", "困人", "People trapped", TRAPPED, EMERGENCY),
            Problem("stopped", "停梯", "Stopped", urgency=URGENT),
            Problem("noise", "异响", "Strange noise"),
            Problem("button", "按钮失灵", "Button dead"),
        ),
    ),
    Category(
        "PLB",
        "给排水",
        "Water and drains",
        skill="plumber",
        limits=within(review="24 h", arrival="4 h", resolution="48 h"),
        problems=(
            Problem("burst", "爆管", "Burst pipe", BURST, EMERGENCY),
            Problem("leak", "漏水", "Leak"),
            Problem("blocked_drain", "下水堵塞", "Blocked drain"),
            Problem("low_pressure", "水压低", "Low pressure"),
            Problem("no_water", "停水", "No water", urgency=URGENT),
            Problem("water_quality", "水质异常", "Bad water"),
        ),
    ),
    Category(
        "ELC",
        "供电照明",
        "Power and lighting",
        skill="electrician",
        licensed=True,
        limits=within(review="24 h", arrival="24 h", resolution="48 h"),
        problems=(
            Problem("outage", "单元停电", "Entrance without power", BURST, URGENT),
            Problem("shock", "漏电", "Live parts", BURST, EMERGENCY),
            Problem("tripping", "跳闸", "Breaker trips"),
            Problem("corridor_light", "楼道灯不亮", "Corridor light out"),
            Problem("dead_socket", "插座无电", "Dead socket"),
        ),
    ),
    Category(
        "FIR",
        "消防",
        "Fire safety",
        skill="fire_facility",
        licensed=True,
        limits=within(review="15 min", arrival="30 min", resolution="24 h"),
        problems=(
            Problem("fire", "冒烟起火", "Smoke or fire", TRAPPED, EMERGENCY),
            Problem("gas_smell", "燃气异味", "Smell of gas", TRAPPED, EMERGENCY),
            Problem("false_alarm", "报警误报", "False alarm"),
            Problem("hydrant_parts", "消火栓缺件", "Hydrant parts missing"),
            Problem("blocked_escape", "通道堵塞", "Escape way blocked"),
        ),
    ),
    Category(
        "SEC",
        "门禁安防",
        "Doors and security",
        skill="low_voltage",
        limits=within(review="24 h", arrival="4 h", resolution="48 h"),
        problems=(
            Problem("door_open", "单元门不关", "Entrance door stays open"),
            Problem("intercom", "对讲坏", "Intercom broken"),
            Problem("gate", "道闸故障", "Gate fault"),
            Problem("camera", "监控黑屏", "Camera dark"),
        ),
    ),
    Category(
        "CIV",
        "土建防水",
        "Building and waterproofing",
        skill="mason",
        limits=within(review="24 h", arrival="24 h", resolution="7 d"),
        problems=(
            Problem("roof_leak", "屋面渗漏", "Roof leaks"),
            Problem("falling_wall", "外墙脱落", "Facade coming off", urgency=URGENT),
            Problem("broken_tile", "地砖破损", "Broken tile"),
        ),
    ),
    Category(
        "PUB",
        "公共设施",
        "Public facilities",
        skill="handyman",
        limits=within(review="24 h", arrival="24 h", resolution="72 h"),
        problems=(
            Problem("slide", "儿童滑梯", "Children's slide"),
            Problem("fitness", "健身器材", "Fitness equipment"),
            Problem("charger", "充电桩", "Charging point"),
            Problem("mailbox", "信报箱", "Mailbox"),
        ),
    ),
    Category(
        "ENV",
        "环境",
        "Cleanliness and greenery",
        skill="cleaning",
        limits=within(review="24 h", arrival="4 h", resolution="24 h"),
        problems=(
            Problem("dirt", "卫生", "Dirt"),
            Problem("rubbish", "垃圾", "Rubbish"),
            Problem("smell", "异味", "Smell"),
            Problem("pests", "虫害", "Pests"),
            Problem("greenery", "绿化", "Greenery"),
        ),
    ),
    Category(
        "ORD",
        "秩序",
        "Order",
        skill="order",
        limits=within(review="2 h", arrival="30 min", resolution="24 h"),
        problems=(
            Problem("noise", "噪声", "Noise"),
            Problem("parking", "违停", "Wrong parking"),
            Problem("falling_objects", "高空抛物", "Things thrown from above", urgency=URGENT),
            Problem("pets", "宠物", "Pets"),
        ),
    ),
    Category(
        "CMP",
        "投诉",
        "Complaint",
        skill="service",
        limits=within(review="24 h", resolution="72 h"),
        problems=(
            Problem("attitude", "服务态度", "Attitude"),
            Problem("slow", "处理慢", "Slow handling"),
            Problem("fees", "收费", "Fees"),
        ),
    ),
    Category(
        "SUG",
        "建议",
        "Suggestion",
        skill="service",
        limits=within(review="24 h"),
        problems=(
            Problem("parcel_locker", "增设快递柜", "Parcel lockers"),
            Problem("gate_hours", "延长门岗", "Longer gate hours"),
        ),
    ),
)

PLACES = (
    Place("home", "室内", "In the home"),
    Place("balcony", "阳台", "Balcony"),
    Place("corridor", "楼道", "Corridor"),
    Place("stairwell", "楼梯间", "Stairwell"),
    Place("lift", "电梯", "Lift"),
    Place("lobby", "大堂", "Lobby"),
    Place("entrance", "单元门口", "Entrance"),
    Place("roof", "屋面", "Roof"),
    Place("facade", "外墙", "Facade"),
    Place("garage", "地下车库", "Garage"),
    Place("gate", "小区大门", "Estate gate"),
    Place("road", "道路", "Road"),
    Place("garden", "绿地", "Garden"),
    Place("playground", "儿童游乐区", "Playground"),
    Place("fitness", "健身区", "Fitness area"),
    Place("bins", "垃圾房", "Waste room"),
)
