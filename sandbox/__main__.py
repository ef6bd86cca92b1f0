"""`python -m sandbox`: starts the stand-in and stays until it is told to stop."""

import signal
import sys
import threading

from sandbox.book import Book
from sandbox.config import Config, changed, parse
from sandbox.journal import Journal
from sandbox.market import Marketplace
from sandbox.server import Server
from sandbox.wire import Refused


def main(arguments: list[str] | None = None) -> int:
    options, given = parse(arguments)
    try:
        server = Server((options.host, options.port), verbose=options.verbose)
    except OSError as error:
        print(f"Cannot listen on {options.host}:{options.port}: {error.strerror}.", file=sys.stderr)
        return 1
    book = Book(Journal(options.data), seed=options.seed)
    server.market = Marketplace(book, _config(book, given, server.url))
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    signal.signal(signal.SIGINT, lambda *_: threading.Thread(target=server.shutdown).start())
    print(
        f"The marketplace stand-in listens on {server.url} ({len(book.orders)} orders).", flush=True
    )
    server.serve_forever(poll_interval=0.2)
    server.server_close()
    server.market.close()
    return 0


def _config(book: Book, given: dict[str, str], url: str) -> Config:
    """What was given wins over what was kept from the last run."""
    kept = {name: value for name, value in book.kept.get("config", {}).items() if value}
    try:
        config = changed(Config(), kept | given)
    except Refused as refused:
        raise SystemExit(refused.message) from None
    if not config.app_key or not config.app_token:
        raise SystemExit(
            "The seller's --app-key and --app-token are needed (or SANDBOX_APP_KEY …)."
        )
    if "services_endpoint" in given:
        return config
    return changed(config, {"services_endpoint": f"{url}/api/oms?an={config.account}"})


if __name__ == "__main__":
    sys.exit(main())
