"""Mutation testing of the proof: faults that a builder could make, planted into good banks, each of which `verify` must find.

A recorded bank (`recording`) is taken apart into a `Draft` (`drafts`): its items before they were written, and what stays
in `private/`.  A fault changes the draft, or the packages that exporters made of it; then every hash in `private/` is made
again, so that what is wrong is found because it is wrong and not because a file was changed.  `trials` says whether
`verify` found it, where it was planted and nowhere else.

`python -m tests.mutations FOLDER` plants them all and prints a table.
"""
