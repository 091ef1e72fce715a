"""The door for web servers."""

from controls.app import create_app

app = create_app()
