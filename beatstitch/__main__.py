"""`python -m beatstitch` is the command line."""

from beatstitch.cli.main import main

if __name__ == "__main__":
    main()
