"""What the product costs: its workloads against a bare WSGI handler that runs the same SQL.

``make bench`` measures and writes ``bench/RESULTS.md``; ``python -m bench --help`` says more.
"""
