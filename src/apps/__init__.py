"""The web pages for people and for animals, on Gradio: widgets and their events; the work itself is the wrapper's."""
