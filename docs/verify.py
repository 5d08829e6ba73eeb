#!/usr/bin/env python3
"""A second verifier of Kwota's credit ledger: Python's standard library alone, written from audit-format.md.

  verify.py EVENTS                                       EVENTS: an export (jsonl), or the file events.db
  verify.py EVENTS --checkpoint FILE --key VKEY          both may be given again
  verify.py --proof FILE --key VKEY                      a proof alone, without any events

Prints what it found as JSON and exits 0; at the first fault it says which, and exits 1.
"""
import argparse, base64, hashlib, json, sqlite3, sys

class Fault(Exception):
    pass

def require(holds, fault):
    if not holds:
        raise Fault(fault)

def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()

# --- Reading: (index, stream, revision, type, bytes, hash) ---------------------------------------
def read_export(path):
    with open(path, encoding="utf-8", newline="\n") as lines:
        require(json.loads(next(lines, "{}")).get("format") == "kwota-audit-export/1", "not an export of format 1")
        count, end = 0, None
        for line in lines:
            entry = json.loads(line)
            require(end is None, "something stands after the export's last line")
            if "events" in entry:
                end = entry["events"]
                continue
            data = entry["bytes"].encode() if "bytes" in entry else base64.b64decode(entry["bytesBase64"])
            count += 1
            yield entry["index"], entry["stream"], entry["revision"], entry["type"], data, bytes.fromhex(entry["hash"])
        require(end == count, "the export is cut off")

def read_sqlite(path):
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    for position, heads, blob in database.execute("SELECT position, heads, events FROM commits ORDER BY position"):
        at, fields, index = 0, json.loads(heads), position - 1

        def take(size):
            nonlocal at
            at += size
            return blob[at - size : at]

        for stream, first, count, _ in zip(*[iter(fields)] * 4):
            for revision in range(first, first + count):
                take(int.from_bytes(take(2), "little"))
                kind = take(int.from_bytes(take(2), "little")).decode()
                data = take(int.from_bytes(take(4), "little"))
                yield index, stream, revision, kind, data, take(32)
                index += 1

def read_events(path):
    with open(path, "rb") as file:
        return read_sqlite(path) if file.read(6) == b"SQLite" else read_export(path)

# --- The tree ------------------------------------------------------------------------------------
def leaf_hash(index, stream, revision, event_hash):
    return sha256(b"\0", f"kwota-event/1\n{index}\n{stream}\n{revision}\n{event_hash.hex()}\n".encode())

class Tree:
    """The roots of the full subtrees, the largest first."""

    def __init__(self):
        self.size, self.roots = 0, []

    def add(self, leaf):
        size = self.size
        while size & 1:
            leaf = sha256(b"\1", self.roots.pop(), leaf)
            size >>= 1
        self.roots.append(leaf)
        self.size += 1

    def root(self):
        if not self.roots:
            return sha256()
        root = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            root = sha256(b"\1", left, root)
        return root

def root_of_inclusion(index, size, leaf, proof):
    """RFC 9162 section 2.1.3.2."""
    node, last, root = index, size - 1, leaf
    for sibling in proof:
        require(last > 0, "the proof is too long")
        if node & 1 or node == last:
            root = sha256(b"\1", sibling, root)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            root = sha256(b"\1", root, sibling)
        node, last = node >> 1, last >> 1
    require(last == 0, "the proof is too short")
    return root

# --- Ed25519 (RFC 8032 section 5.1) ---------------------------------------------------------------
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)

def x_of(y, sign):
    require(y < P, "no point of the curve")
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    require((x * x - square) % P == 0 and not (x == 0 and sign), "no point of the curve")
    return P - x if x & 1 != sign else x

def add(a, b):
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P

def multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point, scalar = add(point, point), scalar >> 1
    return result

def point_of(data):
    value = int.from_bytes(data, "little")
    y = value & (2**255 - 1)
    x = x_of(y, value >> 255)
    return x, y, 1, x * y % P

BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))

def ed25519_holds(public_key, message, signature):
    require(len(signature) == 64, "not a signature of Ed25519")
    key, r = point_of(public_key), point_of(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little") % ORDER
    left, right = multiply(s, BASE), add(r, multiply(challenge, key))
    same = (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0
    return s < ORDER and same

# --- Checkpoints ----------------------------------------------------------------------------------
def read_key(vkey):
    name, key_id, encoded = vkey.split("+", 2)
    material = base64.b64decode(encoded, validate=True)
    require(material[0] in (1, 4) and len(material) == 33, "not the key of a log or a witness")
    require(sha256(name.encode(), b"\n", material)[:4].hex() == key_id, "the key's id is not that of its name and bytes")
    return name, key_id, material[0], material[1:]

def read_checkpoint(note, keys):
    """(origin, size, root), signed by a known key of the log, and nowhere wrongly by any known key."""
    text, lines = note.rsplit("\n\n", 1)
    text += "\n"
    origin, size, root = text.split("\n")[:3]
    signed_by_log = False
    for line in lines.splitlines():
        dash, name, encoded = line.split(" ")
        require(dash == "\u2014", "not a signature")
        signature = base64.b64decode(encoded, validate=True)
        for known, key_id, kind, public_key in keys:
            if (known, key_id) != (name, signature[:4].hex()):
                continue
            message, signed = text, signature[4:]
            if kind == 4:
                message, signed = f"cosignature/v1\ntime {int.from_bytes(signed[:8], 'big')}\n{text}", signed[8:]
            require(ed25519_holds(public_key, message.encode(), signed), f"the signature of {name} is forged")
            signed_by_log = signed_by_log or (kind == 1 and name == origin)
    require(signed_by_log, "the checkpoint is signed by no known key of its log")
    return origin, int(size), base64.b64decode(root, validate=True)

def check_proof(proof, keys):
    require(proof["format"] == "kwota-audit-proof/1", "not a proof of format 1")
    origin, size, root = read_checkpoint(proof["checkpoint"], keys)
    for event in proof["events"]:
        data, stated = event["bytes"].encode(), bytes.fromhex(event["hash"])
        require(sha256(bytes.fromhex(event["previousHash"]), data) == stated, "hash mismatch in the proof")
        envelope = json.loads(data)
        require((f"credit-{envelope['account']}", envelope["revision"]) == (event["stream"], event["revision"]), "wrong place in the proof")
        require(event["index"] < size, "not included")
        leaf = leaf_hash(event["index"], event["stream"], event["revision"], stated)
        siblings = [base64.b64decode(step, validate=True) for step in event["proof"]]
        require(root_of_inclusion(event["index"], size, leaf, siblings) == root, "not included")
    return {"origin": origin, "size": size, "proved": len(proof["events"])}

# --- Money ----------------------------------------------------------------------------------------
class Account:
    def __init__(self):
        self.sums = dict.fromkeys(["pool", "held", "consumed", "purchased", "adjusted", "transferredIn", "transferredOut"], 0)
        self.quotas, self.messages = {}, {}

    def into_purse(self, data, amount):
        if data["userId"] is None or data["grantId"] is None:
            self.sums["pool"] += amount
            return
        quota = self.quotas.get(data["userId"])
        require(quota and quota[0] == data["grantId"], "the quota has ended")
        quota[1] += amount

    def take(self, kind, data):
        sums, amount = self.sums, data.get("amountMilliCredits", 0)
        message = self.messages.get(data.get("messageId"))
        if kind in ("CreditsPurchased", "CreditsAdjusted", "CreditsTransferredIn"):
            sums["pool"] += amount
            sums[{"CreditsPurchased": "purchased", "CreditsAdjusted": "adjusted"}.get(kind, "transferredIn")] += amount
        elif kind in ("CreditsTransferredOut", "CreditsTransferReturned"):
            out = amount if kind == "CreditsTransferredOut" else -amount
            sums["pool"], sums["transferredOut"] = sums["pool"] - out, sums["transferredOut"] + out
        elif kind == "QuotaAllocated":
            self.quotas[data["userId"]] = [data["grantId"], amount]
            sums["pool"] -= amount
        elif kind == "QuotaChanged":
            change = data["toMilliCredits"] - data["fromMilliCredits"]
            self.quotas[data["userId"]][1] += change
            sums["pool"] -= change
        elif kind in ("QuotaReturned", "UserClosed"):
            returned = data["returnedMilliCredits"] if kind == "UserClosed" else amount
            require(self.quotas.pop(data["userId"], [None, 0])[1] == returned, "another rest of a quota")
            sums["pool"] += returned
        elif kind == "CreditsHeld":
            require(message is None, "held twice")
            self.messages[data["messageId"]] = {"held": amount, "captured": 0, "price": amount}
            self.into_purse(data, -amount)
            sums["held"] += amount
        elif kind in ("CreditsCaptured", "CreditsReleased"):
            require(message and 0 <= amount <= message["held"], "charge without hold")
            message["held"], sums["held"] = message["held"] - amount, sums["held"] - amount
            if kind == "CreditsReleased":
                self.into_purse(data, amount)
            else:
                message["captured"], sums["consumed"] = message["captured"] + amount, sums["consumed"] + amount
        elif kind in ("CreditsRefunded", "CaptureCorrected"):
            back = amount if kind == "CreditsRefunded" else -amount
            require(message and amount >= 0 and 0 <= message["captured"] - back <= message["price"], "refund without charge")
            message["captured"], sums["consumed"] = message["captured"] - back, sums["consumed"] - back
            self.into_purse(data, back)
        s, quotas = sums, [left for _, left in self.quotas.values()]
        uses = s["pool"] + sum(quotas) + s["held"] + s["consumed"] + s["transferredOut"]
        require(uses == s["purchased"] + s["transferredIn"] + s["adjusted"], "the account does not add up")
        require(min([s["pool"], s["held"], s["consumed"], s["transferredOut"], *quotas]) >= 0, "a balance is below zero")

    def balances(self):
        return {**self.sums, "quotas": {user: left for user, (_, left) in sorted(self.quotas.items())}}

# --- All together ---------------------------------------------------------------------------------
def verify(events, checkpoints):
    tree, heads, accounts = Tree(), {}, {}
    waiting = sorted(checkpoints, key=lambda checkpoint: -checkpoint[1])
    for index, stream, revision, kind, data, stated in events:
        where = f"{stream} revision {revision}: "
        require(index == tree.size, f"index {tree.size} is missing")
        last, previous, time = heads.get(stream, (-1, bytes(32), ""))
        require(revision == last + 1, where + "gap")
        require(sha256(previous, data) == stated, where + "hash mismatch")
        event = json.loads(data)
        named = (f"credit-{event['account']}", event["revision"], event["type"], event["v"])
        require(named == (stream, revision, kind, 1), where + "wrong place")
        require(event["time"] >= time, where + "time goes back")
        heads[stream] = (revision, stated, event["time"])
        tree.add(leaf_hash(index, stream, revision, stated))
        while waiting and waiting[-1][1] == tree.size:
            require(waiting.pop()[2] == tree.root(), f"the first {tree.size} events are not those of the checkpoint")
        try:
            accounts.setdefault(event["account"], Account()).take(kind, event["data"])
        except Fault as fault:
            raise Fault(where + str(fault)) from fault
    require(not [size for _, size, _ in waiting if size], "events of a checkpoint are missing at the end")
    return {
        "events": tree.size,
        "root": base64.b64encode(tree.root()).decode(),
        "heads": {stream: {"revision": revision, "hash": stated.hex()} for stream, (revision, stated, _) in heads.items()},
        "balances": {name: account.balances() for name, account in accounts.items()},
    }

def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("events", nargs="?")
    for option in ("--checkpoint", "--key"):
        arguments.add_argument(option, action="append", default=[])
    arguments.add_argument("--proof")
    given = arguments.parse_args()
    try:
        keys = [read_key(key) for key in given.key]
        found = {}
        if given.proof:
            with open(given.proof, encoding="utf-8") as file:
                found["proof"] = check_proof(json.load(file), keys)
        if given.events:
            checkpoints = [read_checkpoint(open(name, encoding="utf-8", newline="").read(), keys) for name in given.checkpoint]
            found.update(verify(read_events(given.events), checkpoints))
        print(json.dumps(found, indent=1))
    except (Fault, ValueError, KeyError, TypeError) as fault:
        sys.exit(f"fault: {fault}")

if __name__ == "__main__":
    main()
