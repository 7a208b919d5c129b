module coffer/load/client

go 1.22
