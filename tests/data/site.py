#!/usr/bin/env python3
"""A stand-in for the enrolment page of a Microsoft work account, for tests on this machine only.

It shows what such a page shows: first a one-time activation QR, behind a link the QR for other authenticator apps, and then
it asks for a code and accepts it as a site does: one step early or late, and each only once. Codes, tokens and tenant are
invented. Standard input: one line of JSON with `secret` and `kind`. Standard output: the address, then a line of JSON for
each page that a browser shows, with the middle of what can be clicked.
"""
import base64, hashlib, hmac, http.server, json, subprocess, sys, time, urllib.parse

order = json.loads(sys.stdin.readline())
SECRET, KIND = order["secret"], order["kind"]
ACTIVATE = {
    "mfa": "https://login.microsoftonline.com/authenticatorApp/activateAccount?accountType=mfa&source=qrCode"
           "&code=314159265&url=https%3A%2F%2Fmobileappcommunicator.auth.microsoft.com%2Factivatev2%2F27182818%2FEXAMPLE",
    "msa": "https://login.microsoftonline.com/authenticatorApp/activateAccount?source=qrCode&accountType=msa"
           "&code=M.C548_SN1.2.U.MsaArtifacts.00000000-1111-2222-3333-444444444444"
           "&uaid=0123456789abcdef0123456789abcdef&expires=600",
}[KIND]
OTHER = ("otpauth://totp/Example+Works%2BSons%3Aalice%40exampleworks.onmicrosoft.com"
         f"?secret={SECRET}&issuer=Microsoft")
used = set()


def qr(text):
    """Returns a picture of a QR. The text goes by standard input: arguments can be read by everybody."""
    made = subprocess.run(["qrencode", "-t", "PNG", "-s", "5", "-m", "4", "-o", "-"], input=text.encode(),
                          stdout=subprocess.PIPE, check=True)
    return made.stdout


PICTURES = {"/first.png": qr(ACTIVATE), "/other.png": qr(OTHER)}


def totp(step):
    """RFC 6238 with SHA-1 and six digits."""
    key = base64.b32decode(SECRET.upper() + "=" * (-len(SECRET) % 8))
    mac = hmac.new(key, step.to_bytes(8, "big"), hashlib.sha1).digest()
    start = mac[19] & 15
    return f"{(int.from_bytes(mac[start:start + 4], 'big') & 0x7FFFFFFF) % 10**6:06d}"


def accepts(code):
    """Whether the code is one of now, or of a step before or after, and new."""
    now = int(time.time()) // 30
    for step in (now, now - 1, now + 1):
        if code == totp(step) and step not in used:
            used.add(step)
            return True
    return False


STYLE = """body{margin:0;font:16px 'DejaVu Sans',sans-serif;background:#f3f2f1;color:#1b1a19}
.mock{background:#fff4ce;padding:6px 24px;font-size:12px}main{background:#fff;margin:24px;padding:24px 32px;box-shadow:0 1px 4px #0003}
h1{font-weight:600;font-size:24px}a,button{color:#0067b8;font-size:16px}img{display:block;margin:12px 0}
input{font-size:20px;width:8em;padding:6px;letter-spacing:3px}button{background:#0067b8;color:#fff;border:0;padding:9px 24px}"""
# Tells where things are on the screen: a test has to click like a person, without a hand inside the browser.
TELL = """onload=()=>setTimeout(()=>{const m=q=>{const e=document.querySelector(q);if(!e)return null;const r=e.getBoundingClientRect();
return [Math.round(screenX+(outerWidth-innerWidth)/2+r.left+r.width/2),Math.round(screenY+outerHeight-innerHeight+r.top+r.height/2)]};
fetch('/shown',{method:'POST',body:JSON.stringify({page:document.body.dataset.page,button:m('#button'),field:m('#field')})})},150)"""


def page(name, title, body):
    return f"""<!doctype html><meta charset=utf-8><title>Enrolment page</title><style>{STYLE}</style>
<body data-page={name}><div class=mock>A page of this test, on this machine: the account and both QR codes are invented.</div>
<main><h1>{title}</h1>{body}</main><script>{TELL}</script>"""


PAGES = {
    "/": page("first", "Keep your account secure", """<p><b>Microsoft Authenticator</b></p>
<p>Scan this QR code with the Microsoft Authenticator app.</p><img src=first.png>
<p><a id=button href=/other>I want to use a different authenticator app</a></p>"""),
    "/other": page("other", "Authenticator app", """<p>Scan this QR code with your authenticator app, then type the
code that it shows.</p><img src=other.png><form method=post action=/check>
<p><input id=field name=code maxlength=6 autocomplete=off> <button id=button>Next</button></p></form>"""),
    "/done": page("done", "Success!", "<p>Your authenticator app was registered. You can close this page.</p>"),
    "/wrong": page("wrong", "Authenticator app", "<p>That code is not right, or was used already.</p>"),
}


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, kind, body):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path in PICTURES:
            self.answer("image/png", PICTURES[self.path])
        elif self.path in PAGES:
            self.answer("text/html; charset=utf-8", PAGES[self.path].encode())
        else:
            self.send_error(404)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/shown":
            print(json.dumps(json.loads(body)), flush=True)
            self.answer("text/plain", b"")
            return
        code = urllib.parse.parse_qs(body).get("code", [""])[0].replace(" ", "")
        self.send_response(303)
        self.send_header("Location", "/done" if accepts(code) else "/wrong")
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(f"http://127.0.0.1:{server.server_port}/", flush=True)
server.serve_forever()
