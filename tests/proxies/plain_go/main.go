// The reverse proxy that Go's standard library offers, as people put it together in ten lines: it passes an upgrade on,
// and uses its connections again.
package main

import (
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
)

func main() {
	target, err := url.Parse(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.Serve(listener, httputil.NewSingleHostReverseProxy(target)))
}
