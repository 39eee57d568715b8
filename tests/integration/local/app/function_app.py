"""An app that keeps what it hears in the ledger's database."""

import os

import azure.functions as func
import psycopg

ledger = os.environ["SIGNALBOX_LEDGER_URL"]
app = func.FunctionApp()


@app.service_bus_topic_trigger(
    arg_name="message", connection="ServiceBus", topic_name="heard", subscription_name="keep"
)
def keep(message: func.ServiceBusMessage) -> None:
    with psycopg.connect(ledger) as connection:
        connection.execute("create table if not exists heard (body text)")
        connection.execute("insert into heard values (%s)", [message.get_body().decode()])
