package capture_test

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/capture"
)

// A capture of both directions: an admission and its acknowledgement in MLLP
// frames, a line of a log, and a message without frame.
func Example() {
	stream := strings.NewReader("\x0bMSH|^~\\&|GAM|CHU-X|DMN|CHU-X|20260105101500||ADT^A01^ADT_A01|S00042|P|2.5\rPID|1\r\x1c\r" +
		"\x0bMSH|^~\\&|DMN|CHU-X|GAM|CHU-X|20260105101501||ACK^A01^ACK|R1|P|2.5\rMSA|AA|S00042\r\x1c\r" +
		"connection closed\r\n" +
		"MSH|^~\\&|GAM|CHU-X|DMN|CHU-X|20260105101502||ADT^A03^ADT_A03|S00043|P|2.5\r\n")

	r := capture.NewReader(stream, 0)
	for {
		m, err := r.Next()
		if err == io.EOF {
			break
		}
		var bad *capture.Error
		if errors.As(err, &bad) {
			fmt.Println(bad.In("en"))
			continue // the next message may be well
		}
		if err != nil {
			fmt.Println(err) // the stream itself failed
			break
		}
		p, err := hl7.Parse(m.Data)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(m.Index, "at line", m.Line, "framed:", m.Framed, p.Get("MSH-9.1"), p.Get("MSH-10"))
	}
	// Output:
	// 1 at line 1 framed: true ADT S00042
	// 2 at line 4 framed: true ACK R1
	// byte 166 (line 7): 17 bytes belong to no message: "connection closed"
	// 3 at line 8 framed: false ADT S00043
}
