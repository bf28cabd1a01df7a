package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pamlab/pamlab/hl7"
	"github.com/pamlab/pamlab/hl7/pam"
	"github.com/pamlab/pamlab/scenarios/hospital"
	"github.com/pamlab/pamlab/scenarios/simulate"
	"github.com/pamlab/pamlab/scenarios/store"
)

// usable checks the flags and says at what pace to play.
func (o *simulateOptions) usable() (simulate.Pace, error) {
	pace := simulate.Pace{Real: o.realtime, Speed: o.speed}
	given := 0
	for _, is := range []bool{o.realtime, o.speed != 0, o.rate != ""} {
		if is {
			given++
		}
	}
	switch {
	case len(o.to) == 0:
		return pace, usageError("il manque l'adresse du récepteur", "the address of the receiver is missing", "--to 127.0.0.1:2575", "--to 127.0.0.1:2575")
	case given > 1:
		return pace, usageError("--rate, --realtime et --speed s'excluent", "--rate, --realtime and --speed exclude each other")
	case o.speed < 0 || o.speed > 1e6:
		return pace, unusable("speed", strconv.FormatFloat(o.speed, 'g', -1, 64), "de 0 à un million", "from 0 to a million", "--speed 60")
	case o.duration < 0 || o.count < 0 || o.drain < 0:
		return pace, usageError("--for, --count et --drain ne sont pas négatifs", "--for, --count and --drain are not negative")
	case o.timeout <= 0:
		return pace, unusable("timeout", o.timeout.String(), "il faut attendre un peu", "there has to be some waiting", "--timeout 10s")
	case o.pause <= 0 || o.pause > simulate.DefaultLongest:
		return pace, unusable("pause", o.pause.String(), "de plus de 0 à 30 s", "more than 0, 30 s at most", "--pause 1s")
	case o.prints() && o.store != store.Memory:
		return pace, usageError("--to - n'a pas de file : --store n'y sert à rien", "--to - has no queue: --store is of no use with it")
	}
	for i, to := range o.to {
		switch {
		case !isHostPort(to) && !o.prints():
			return pace, unusable("to", to, "n'est pas une adresse HÔTE:PORT", "is not an address HOST:PORT", "--to 127.0.0.1:2575")
		case slices.Contains(o.to[:i], to):
			return pace, unusable("to", to, "est donné deux fois", "is given twice", "--to 127.0.0.1:2575")
		}
	}
	if err := o.takesOrders(); err != nil {
		return pace, err
	}
	var err error
	switch {
	case standsStill(o.rate):
		pace.None = true
	case given == 0 || o.rate != "":
		pace.Every, err = parseRate(o.rate)
	}
	return pace, err
}

// parseRate reads 2/s, 30/m, 100/h or max, and returns the time between two.
func parseRate(text string) (time.Duration, error) {
	switch text {
	case "":
		return time.Second, nil
	case "max":
		return 0, nil
	}
	number, unit, _ := strings.Cut(text, "/")
	per, known := map[string]time.Duration{"": time.Second, "s": time.Second, "m": time.Minute, "min": time.Minute, "h": time.Hour}[unit]
	n, err := strconv.ParseFloat(number, 64)
	if !known || err != nil || !(n > 0) || n > 1e6 || float64(per)/n > float64(24*time.Hour) {
		return 0, unusable("rate", text, "n'est pas une cadence", "is no rate", "--rate 2/s, --rate 30/m, --rate 100/h, --rate max, --rate none")
	}
	return time.Duration(float64(per) / n), nil
}

// begins is when the hospital opens.
func (o *simulateOptions) begins() (time.Time, error) {
	if o.start == "" {
		return time.Now().Truncate(time.Second), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, o.start, time.Local); err == nil && t.Year() >= 1980 && t.Year() <= 2200 {
			return t, nil
		}
	}
	return time.Time{}, unusable("start", o.start, "n'est pas une date", "is no date", "--start 2026-03-02T06:00")
}

// described is the hospital, and the bytes that describe it.
func (o *simulateOptions) described() (*hospital.Config, []byte, error) {
	if o.hospital == "" {
		c, err := hospital.Default()
		return c, hospital.DefaultYAML(), err
	}
	c, err := hospital.Load(o.hospital)
	if err != nil {
		return nil, nil, err
	}
	data, err := json.Marshal(c) // comments are free
	return c, data, err
}

// speaks is how the hospital's GAM speaks.
func (o *simulateOptions) speaks() (h hospital.Options, err error) {
	if h.Dialect, err = pam.DialectByName(o.dialect); err != nil {
		return h, err
	}
	if h.Charset, err = hl7.ParseCharset(o.charset); err != nil {
		return h, err
	}
	h.Partners = pam.Partners{
		SendingApplication: o.application, SendingFacility: o.facility, ReceivingApplication: o.toApp, ReceivingFacility: o.toFacility,
	}
	return h, nil
}

// fingerprint is of everything but seed and start that decides what is told.
func fingerprint(data []byte, h hospital.Options) string {
	sum := sha256.New()
	sum.Write(data)
	for _, text := range []string{
		h.Dialect.Name, string(h.Charset), h.Partners.SendingApplication, h.Partners.SendingFacility,
		h.Partners.ReceivingApplication, h.Partners.ReceivingFacility,
	} {
		sum.Write([]byte("\x00" + text))
	}
	return hex.EncodeToString(sum.Sum(nil)[:12])
}
