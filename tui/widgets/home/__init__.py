"""The places of home: one widget for each tab."""
