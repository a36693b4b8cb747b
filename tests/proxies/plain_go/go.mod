module seedgate-plain-proxy

go 1.21
