"""Writers of texts, one a file, and the check that each text passes before it is delivered."""

from tidemill.core.registry import Entry, Registry

WRITERS = Registry(
    "text_writers",
    {
        "template": Entry(
            "tidemill.writing.template:template_of",
            "fills in sentences that the training texts share; lists what none of them says",
        ),
        "own": Entry(
            "tidemill.writing.own:Own",
            "a model that learned from your own texts: their tone, and seldom all values",
        ),
        "local": Entry(
            "tidemill.writing.local:Local",
            "a language model in a GGUF file of yours, on this machine",
            "local",
        ),
        "endpoint": Entry(
            "tidemill.writing.endpoint:Endpoint",
            "a server that answers chat completions, at an address that you give",
            "endpoint",
        ),
    },
)
