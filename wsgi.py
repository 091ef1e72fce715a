"""The door for web servers."""

import gc

from controls.app import create_app

app = create_app()
gc.collect()
gc.freeze()  # what is loaded stays: collections look at a request's own objects only
