"""Recipes: a business question answered from a table to a page that a manager of that trade reads;
one file each."""

from tidemill.core.modality import TABLES
from tidemill.core.registry import Entry, Registry

RECIPES = Registry(
    "recipes",
    {
        "churn": Entry(
            "tidemill.recipes.churn:CHURN",
            "who leaves, whom to call first, and what a campaign would pay",
            sees=TABLES,
        ),
        "fraud": Entry(
            "tidemill.recipes.fraud:FRAUD",
            "what fraud costs now and with a model, and how many alarms that takes",
            sees=TABLES,
        ),
        "describe": Entry(
            "tidemill.recipes.describe:DESCRIBE",
            "descriptions for a catalogue, each checked to be true of its row",
            sees=TABLES,
        ),
        "reply": Entry(
            "tidemill.recipes.reply:REPLY",
            "replies to customers' questions, from the answers to similar ones",
            sees=TABLES,
        ),
        "summarize": Entry(
            "tidemill.recipes.summarize:SUMMARIZE",
            "what each text says, in a few of its own sentences",
            sees=TABLES,
        ),
        "campaign": Entry(
            "tidemill.recipes.campaign:CAMPAIGN",
            "what a campaign brought, and whom to contact next",
            sees=TABLES,
        ),
        "treatment": Entry(
            "tidemill.recipes.treatment:TREATMENT_RECIPE",
            "whether a treatment goes with a better outcome among those who are alike",
            sees=TABLES,
        ),
        "recommend": Entry(
            "tidemill.recipes.recommend:RECOMMEND",
            "what customers will want next, and lists of proposals for all",
            sees=TABLES,
        ),
        "diagnosis": Entry(
            "tidemill.recipes.diagnosis:DIAGNOSIS",
            "whether a classifier can be trusted with images, and which a person has to see",
            sees=("images",),
        ),
        "tune": Entry(
            "tidemill.recipes.tune:TUNE",
            "new pieces of music in the style of given ones, as MIDI and WAV",
            sees=("music",),
        ),
        "sprite": Entry(
            "tidemill.recipes.sprite:SPRITE",
            "new sprites of a class in the style of given ones, as PNG files and sheets",
            sees=("images",),
        ),
        "risk": Entry(
            "tidemill.recipes.risk:RISK",
            "how much holdings may lose, whether that would have been right, and made futures",
            sees=TABLES,
        ),
        "advice": Entry(
            "tidemill.recipes.advice:ADVICE",
            "what a client may lose, what keeps to it, and whether any rule beats equal shares",
            sees=TABLES,
        ),
        "demand": Entry(
            "tidemill.recipes.demand:DEMAND",
            "what will be sold in the coming weeks, and for which items that can be foreseen",
            sees=TABLES,
        ),
        "customers": Entry(
            "tidemill.recipes.customers:CUSTOMERS",
            "what customers will be worth, who has gone quiet, and whether that can be said",
            sees=TABLES,
        ),
        "level": Entry(
            "tidemill.recipes.level:LEVEL",
            "new levels of a game, each of which can be crossed",
            sees=("levels",),
        ),
    },
)
