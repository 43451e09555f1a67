"""``python -m flows.cli``: the command ``mtl-health`` where it is not installed."""

from flows.cli.start import main

if __name__ == "__main__":
    main()
