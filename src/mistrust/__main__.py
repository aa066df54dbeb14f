"""`python -m mistrust`."""

from mistrust.cli import main

if __name__ == "__main__":
    main()
