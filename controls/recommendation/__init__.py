"""The recommendation (indstilling): which sub-processes the group proposes to review, with reasons and hours.

draft → handed over. Handing over freezes it and binds it to a hashed snapshot of assessments, roll and rules; a later
change is a new version.
"""
