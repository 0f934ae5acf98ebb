"""Pages, found by file name; dash_app/app.py tells the contract."""
