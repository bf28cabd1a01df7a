package inspect_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/pamlab/pamlab/hl7/pam/inspect"
	"github.com/pamlab/pamlab/hl7/pam/rules"
)

// Everything that a stream holds is judged in its order; what is no message is
// an item too.
func ExampleRun() {
	stream := "a line of a log\n" +
		"MSH|^~\\&|GAM|CHU|DMN|CHU|20260302100500||ADT^A01^ADT_A01|1|P|2.5^FRA^2.11\rPV1|1|I\r"
	judge, err := rules.New(rules.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	sources := []inspect.Source{{Name: "day.hl7", Open: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(stream)), nil
	}}}
	err = inspect.Run(context.Background(), inspect.Options{Judge: judge}, sources, func(i *inspect.Item) error {
		if i.Report == nil {
			fmt.Printf("%s:%d: %v\n", i.File, i.Line, i.Err)
			return nil
		}
		fmt.Printf("%s:%d: %s: %s\n", i.File, i.Line, i.Report.Header().Trigger, i.Report.Verdict(false))
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// day.hl7:1: byte 0 (line 1): 15 bytes belong to no message: "a line of a log"
	// day.hl7:2: A01: fail
}

// A writer puts the items into a format; Run takes its Write.
func ExampleNewWriter() {
	judge, err := rules.New(rules.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	w, err := inspect.NewWriter(os.Stdout, "json", inspect.Style{Lang: "en"})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := inspect.Run(context.Background(), inspect.Options{Judge: judge}, nil, w.Write); err != nil {
		fmt.Println(err)
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// []
}
