"""The style sheets, fonts and script that pages use: which versions, and how they are fetched."""
