// SPDX-License-Identifier: GPL-3.0-or-later

// A baseline: the least that a confirming web server in Go is. net/http holds each request in a
// goroutine until the answer to its question comes from the XMPP server (XEP-0114, XEP-0070).
// Usage: hold COMPONENT-PORT PAGE. Prints "port N".
package main

import (
	"bufio"
	"crypto/rand"
	"crypto/sha1"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	domain  = "gate.verona.test"
	secret  = "s3cr3t-of-the-test"
	timeout = 110 * time.Second
)

type stanza struct {
	XMLName xml.Name
	ID      string `xml:"id,attr"`
	From    string `xml:"from,attr"`
	Type    string `xml:"type,attr"`
}

type question struct {
	asked  string
	answer chan bool
}

type gate struct {
	sync.Mutex
	open   map[string]question
	out    chan string
	page   []byte
	origin string
}

func escaped(text string) string {
	var out strings.Builder
	xml.EscapeText(&out, []byte(text))
	return out.String()
}

func randomID() string {
	octets := make([]byte, 16)
	if _, err := rand.Read(octets); err != nil {
		log.Fatal(err)
	}
	return hex.EncodeToString(octets)
}

func (g *gate) connect(port string) {
	connection, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprintf(connection, "<stream:stream xmlns='jabber:component:accept' "+
		"xmlns:stream='http://etherx.jabber.org/streams' to='%s'>", domain)
	decoder := xml.NewDecoder(connection)
	for up := false; !up; {
		token, err := decoder.Token()
		if err != nil {
			log.Fatal(err)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "stream" {
			for _, attribute := range start.Attr {
				if attribute.Name.Local == "id" {
					digest := sha1.Sum([]byte(attribute.Value + secret))
					fmt.Fprintf(connection, "<handshake>%x</handshake>", digest)
				}
			}
		} else if ok && start.Name.Local == "handshake" {
			up = true
			decoder.Skip()
		}
	}
	go g.write(connection)
	go g.read(decoder)
}

func (g *gate) write(connection net.Conn) {
	buffered := bufio.NewWriter(connection)
	for {
		buffered.WriteString(<-g.out)
		for more := true; more; {
			select {
			case text := <-g.out:
				buffered.WriteString(text)
			default:
				more = false
			}
		}
		if err := buffered.Flush(); err != nil {
			log.Fatal(err)
		}
	}
}

func (g *gate) read(decoder *xml.Decoder) {
	for {
		var got stanza
		if err := decoder.Decode(&got); err != nil {
			os.Exit(0) // the server has ended the stream, and with it the run
		}
		if got.Type == "get" || got.Type == "set" {
			g.out <- fmt.Sprintf("<iq type='result' id='%s' from='%s' to='%s'/>",
				escaped(got.ID), domain, escaped(got.From))
			continue
		}
		g.Lock()
		asked, found := g.open[got.ID]
		if found && asked.asked == got.From {
			delete(g.open, got.ID)
			asked.answer <- got.Type == "result"
		}
		g.Unlock()
	}
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, "/public/") {
		jid, transaction, ok := r.BasicAuth()
		if !ok || !strings.Contains(jid, "@verona.test") {
			w.Header().Set("WWW-Authenticate", `Basic realm="xmpp"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if status := g.ask(r, jid, transaction); status != http.StatusOK {
			w.WriteHeader(status)
			return
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(g.page)
}

func (g *gate) ask(r *http.Request, jid, transaction string) int {
	id := randomID()
	answer := make(chan bool, 1)
	g.Lock()
	g.open[id] = question{jid, answer}
	g.Unlock()
	g.out <- fmt.Sprintf("<iq type='get' id='%s' from='%s' to='%s'><confirm "+
		"xmlns='http://jabber.org/protocol/http-auth' id='%s' method='%s' url='%s'/></iq>",
		id, domain, escaped(jid), escaped(transaction), escaped(r.Method),
		escaped(g.origin+r.URL.RequestURI()))
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case confirmed := <-answer:
		if confirmed {
			return http.StatusOK
		}
		return http.StatusForbidden
	case <-timer.C:
	case <-r.Context().Done():
	}
	g.Lock()
	delete(g.open, id)
	g.Unlock()
	return http.StatusUnauthorized
}

func main() {
	page, err := os.ReadFile(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	g := &gate{open: map[string]question{}, out: make(chan string, 256), page: page,
		origin: "https://files.verona.test:9345"}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("port %d\n", listener.Addr().(*net.TCPAddr).Port)
	go g.connect(os.Args[1])
	log.Fatal(http.Serve(listener, g))
}
