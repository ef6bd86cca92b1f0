"""Papers: what they say, how they are drawn, and that they were printed.

What draws (fpdf, pypdf and what they bring) weighs thirty megabytes, and most processes never draw.
So the modules that do are imported in the functions that need them, and nowhere else.
"""
