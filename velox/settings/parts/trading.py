"""Trading's switches: everything that could cost money is off until somebody turns it on."""

from velox.env import env

LIVE_TRADING = env.flag("LIVE_TRADING")
RISK_ORDERS_PER_SECOND = env.number("RISK_ORDERS_PER_SECOND")
RISK_STALE_AFTER_S = env.ratio("RISK_STALE_AFTER_S")

DEMO = True  # an empty installation is filled with demo people, instruments and runs
MARKET_DATA_FILE = env.text("DATA")
MARKET_DATA_SPEED = env.ratio("SPEED")
MARKET_ALWAYS_OPEN = env.flag("SYNTHETIC_ALWAYS_OPEN") and not MARKET_DATA_FILE
SYNTHETIC_SEED = env.number("SYNTHETIC_SEED")
DATA_DIR = env.path("VELOX_DATA")
WEB_HOST = env.text("HOST")
WEB_PORT = env.number("PORT")
