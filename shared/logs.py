"""One JSON object per line, with the run, step and attempt it belongs to."""

import logging

import structlog
from structlog.processors import ExceptionRenderer
from structlog.tracebacks import ExceptionDictTransformer


def configure_logging() -> None:
    """Send structlog's events through the standard logger, where the Functions worker listens.

    ``basicConfig`` is a no-op inside the worker, which has given the root logger its own handler.
    Tracebacks are told without their local variables: these are passwords, and rows of people.
    """
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    for chatty in ("azure", "uamqp", "urllib3", "kubernetes"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
