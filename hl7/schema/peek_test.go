package schema_test

import (
	"fmt"
	"testing"

	"github.com/pamlab/pamlab/hl7/schema"
)

func TestPeek(t *testing.T) {
	for _, d := range []string{"pam-fr-2.11", "pam-2.5", "adt-2.3.1", "adt-2.3.1+pid-2.5.1", "pam-fr-2.3.1"} {
		seen := map[string]int{}
		for _, m := range journeys(t, d, 40) {
			h := m.Header()
			v, _ := schema.ForVersion(h.Version)
			c := schema.Checker{Version: v}
			for _, f := range c.Message(nil, m) {
				l := f.Location
				l.Repetition = 0
				tab := ""
				if f.Table != nil {
					tab = f.Table.Number
				}
				seen[fmt.Sprintf("%s %v %s max %d count %d %q", f.Kind, l, tab, f.Max, f.Count, m.Bytes()[f.Offset:f.Offset+f.Size])]++
			}
		}
		kinds := map[string]int{}
		for _, k := range sortedKeys(seen) {
			var a, b string
			fmt.Sscan(k, &a, &b)
			kinds[a+b]++
			if kinds[a+b] < 3 {
				fmt.Println(d, k, seen[k])
			}
		}
	}
}
