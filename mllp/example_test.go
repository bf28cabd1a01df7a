package mllp_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pamlab/pamlab/mllp"
	"github.com/pamlab/pamlab/mllp/pki"
)

// A server answers each message, and a client sends one.
func ExampleServer() {
	server := &mllp.Server{
		Handler: mllp.HandlerFunc(func(w mllp.ResponseWriter, r *mllp.Request) {
			w.WriteMessage([]byte("MSH|^~\\&|DMN\rMSA|AA|S00042\r"))
		}),
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	served := make(chan error)
	go func() { served <- server.Serve(listener) }()

	client := &mllp.Client{Addr: listener.Addr().String()}
	answer, err := client.Do(context.Background(), []byte("MSH|^~\\&|GAM|||||||S00042\r"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.ReplaceAll(string(answer.Payload), "\r", "\n"))
	client.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	fmt.Println(server.Shutdown(ctx), <-served)
	// Output:
	// MSH|^~\&|DMN
	// MSA|AA|S00042
	//
	// <nil> mllp: server closed
}

// The kind of an error says how far an exchange got.
func ExampleClient() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	listener.Close() // now nobody listens there

	client := &mllp.Client{Addr: listener.Addr().String(), AnswerTimeout: 5 * time.Second}
	defer client.Close()
	_, err = client.Do(context.Background(), []byte("MSH|^~\\&|GAM\r"))
	if failure, ok := errors.AsType[*mllp.Error](err); ok {
		fmt.Println(failure.Kind)
		fmt.Println("conseil :", failure.Hint("fr"))
	}
	// Output:
	// no-connection
	// conseil : démarrez le correspondant, ou corrigez l'adresse et le port
}

// With mutual TLS, a client without a certificate is turned away. In TLS 1.3
// its handshake succeeds all the same; the refusal comes afterwards.
func ExampleFiles() {
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if _, err := pki.Init(dir, pki.Options{}); err != nil {
		log.Fatal(err)
	}
	file := func(name string) string { return filepath.Join(dir, name) }

	serverTLS, err := mllp.Files{CA: file("ca.pem"), Cert: file("dmn.pem"), Key: file("dmn-key.pem")}.ServerConfig()
	if err != nil {
		log.Fatal(err)
	}
	refused := make(chan struct{})
	server := &mllp.Server{
		TLSConfig: serverTLS,
		Handler:   mllp.HandlerFunc(func(w mllp.ResponseWriter, r *mllp.Request) {}),
		OnConn: func(c *mllp.Conn, state mllp.ConnState, err error) {
			if state == mllp.StateHandshakeFailed {
				close(refused)
			}
		},
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go server.Serve(listener)
	defer server.Close()

	anonymous, err := mllp.Files{CA: file("ca.pem")}.ClientConfig()
	if err != nil {
		log.Fatal(err)
	}
	client := &mllp.Client{Addr: listener.Addr().String(), TLSConfig: anonymous}
	defer client.Close()
	_, err = client.Connect(context.Background())
	fmt.Println("handshake:", err)
	err = client.Probe(context.Background(), 5*time.Second)
	if failure, ok := errors.AsType[*mllp.Error](err); ok {
		fmt.Println("then:", failure.Kind, failure.Alert)
	}
	<-refused
	// Output:
	// handshake: <nil>
	// then: handshake-refused certificate_required
}

// What a reader tolerates, it reports.
func ExampleReader() {
	stream := strings.NewReader("\x0bMSH|first\r" + "\x0bMSH|second\r\x1c\r" + "\n" + "\x0bMSH|third\r\x1c\r")
	r := mllp.NewReader(stream, 0)
	for {
		frame, err := r.ReadFrame()
		for _, oddity := range frame.Oddities {
			fmt.Println("  odd:", oddity)
		}
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Printf("%q\n", frame.Payload)
	}
	// Output:
	//   odd: start of block (0x0B) inside a block, at stream offset 11: the 10 bytes before it were discarded, a message is lost
	// "MSH|second\r"
	//   odd: 1 byte(s) outside any block, at stream offset 25 (0a)
	// "MSH|third\r"
	// EOF
}
