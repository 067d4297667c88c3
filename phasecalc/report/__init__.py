"""Finished records turned into text, LaTeX and pictures; nothing is computed here."""
