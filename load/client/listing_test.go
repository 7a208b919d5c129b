package main

import "testing"

func TestReadsKeysAndToken(t *testing.T) {
	got := readPage([]byte(`<ListBucketResult><Prefix></Prefix><NextContinuationToken>a&#x2F;b&amp;</NextContinuationToken>` +
		`<Contents><Key>a</Key><Size>1</Size></Contents><Contents><Key>b</Key></Contents></ListBucketResult>`))
	if got.keys != 2 || got.prefixes != 0 || got.first != "a" || got.last != "b" || !got.ordered || got.next != "a/b&" {
		t.Fatalf("%+v", got)
	}
}

func TestReadsPrefixesAndNotTheRequestsOwn(t *testing.T) {
	got := readPage([]byte(`<ListBucketResult><Prefix>own/</Prefix><Contents><Key>k</Key></Contents>` +
		`<CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes><CommonPrefixes><Prefix>q/</Prefix></CommonPrefixes></ListBucketResult>`))
	if got.keys != 1 || got.prefixes != 2 || got.last != "q/" || !got.ordered || got.next != "" {
		t.Fatalf("%+v", got)
	}
}

func TestSeesWhatIsOutOfOrderOrTwice(t *testing.T) {
	for _, text := range []string{
		`<Key>b</Key><Key>a</Key>`, `<Key>a</Key><Key>a</Key>`,
		`<CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes><CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes>`,
	} {
		if readPage([]byte(text)).ordered {
			t.Fatal(text)
		}
	}
}
