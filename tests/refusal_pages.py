"""Pages by which servers refuse or fail, and a key, as several tests of the preflight need them."""

from __future__ import annotations

KEY = "Bearer a-key-of-mine"
NGINX_401 = "<html><head><title>401 Authorization Required</title></head><hr><center>nginx/1.22.1</center></html>"
FLASK_500 = (
    "<!doctype html>\n<title>500 Internal Server Error</title><p>The server encountered an internal error and was "
    "unable to complete your request. Either the server is overloaded or there is an error in the application.</p>"
)
FLASK_404 = (
    "<!doctype html>\n<title>404 Not Found</title><p>Not found. If you entered the URL manually please check.</p>"
)
NGINX_403 = "<html><head><title>403 Forbidden</title></head><hr><center>nginx/1.22.1</center></html>"
NGINX_404 = "<html><head><title>404 Not Found</title></head><hr><center>nginx/1.22.1</center></html>"
NGINX_502 = "<html><head><title>502 Bad Gateway</title></head><hr><center>nginx/1.22.1</center></html>"
