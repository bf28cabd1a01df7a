package inspect

import (
	"encoding/json"
	"io"
)

// jsonWriter writes an object for each item: lines, or the elements of an array.
type jsonWriter struct {
	w io.Writer
	Style
	array bool
	begun bool
}

func (j *jsonWriter) Write(i *Item) error {
	var object any
	if i.Report == nil {
		object = newUnread(i, j.Lang)
	} else {
		object = newRecord(i, j.Style)
	}
	line, err := json.Marshal(object)
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

// Interrupted has no place here: the exit code of the command says it.
func (j *jsonWriter) Interrupted() {}

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
