"""Telling people: what is said, in whose shape, by which address.

wording    an announcement in a few words, without secrets and without names of people
shapes     the same words as JSON, as a card for Teams, as blocks for Slack
webhooks   posting them
links      the signed link by which one person decides on one plan
"""
