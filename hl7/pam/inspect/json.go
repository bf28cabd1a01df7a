package inspect

import (
	"encoding/json"
	"io"
)

// jsonWriter writes an object for each message: lines, or the elements of an
// array. What is no message has no object: it goes to the standard error of the
// command, and into its exit code.
type jsonWriter struct {
	w io.Writer
	Style
	array bool
	begun bool
}

func (j *jsonWriter) Write(i *Item) error {
	if i.Report == nil {
		return nil
	}
	line, err := json.Marshal(newRecord(i, j.Style))
	if err != nil {
		return err
	}
	before, after := "", "\n"
	if j.array {
		before, after = ",\n", ""
		if !j.begun {
			before = "[\n"
		}
	}
	j.begun = true
	_, err = j.w.Write(append(append([]byte(before), line...), after...))
	return err
}

func (j *jsonWriter) Close() error {
	if !j.array {
		return nil
	}
	end := "\n]\n"
	if !j.begun {
		end = "[]\n"
	}
	_, err := io.WriteString(j.w, end)
	return err
}
