"""A keyring, a sealed blob, its name and a MAC as the first version wrote them. These open forever.

The keys were thrown away. Never make these anew to please a test: owners hold states of this format.
"""

import base64
import json

PASSWORD = "an owner's password"
MACHINE = "AGE-SECRET-KEY-" + "15HCK4PN8KWTRJATM9GDHH7U53STZHW2HLZ4MRW4U85ZUZFJRDYEQJCXU7S"
RECOVERY = "AGE-SECRET-KEY-" + "1 TET4 RN8J CY3T VXGA 7U6V 3P06 38YG 6CDC 3GUV E0GK 0Z8A 3SDF 69DQ NG9H 6G"
PLAIN = b"a plain text of thirty-odd bytes, kept for good"
NAME = "48256809be94adb9ee703abe59ad9ebd906ce789fcb87ba76f45af6f1c247d4a"
MAC = "c755f418b18260cf18e31f8f4d03331adfa18ad94b6fd0827ea2e28c6fcf2f4c"
SEALED = base64.b64decode(
    "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSB6MGdLbDRidVNJZG9mb2E1VFhOcEl4M2N4U01PdC9vZDc5YlE4TnJxMkhF"
    "CldxRzVVYk03bUNNOVVxME1yeFFnSG8vejZxVkdlRWpoT2ZwTWRMa0YyOTgKLT4gMzMtZ3JlYXNlIEsoaGgKbVZyajlIYTNGNm4y"
    "ZU5zVHZUK2JwL3UxbEhPM1U4MmJTbDV1dmtNVjlFRHl0bGhxS1hvQkhFcFluZ0xtU1NXZQpJV2crYkE1U0d5M3F5L01zdEM3SlV1"
    "bWMvNnNvd1Q1anBxMkxsMGVlTWJYU2Q0anZEZDJ6RmVvCi0tLSBwOVdzY1JNY3ZiQ29xY01nSkpFcmVYZWQ2OElVY1N1dG1MZTJr"
    "ejBhRmwwCvZQn3xIwhvWjmulv+lEBykAJoVAHDOhJkZUCyDN14etTDEj0SgapFNxE8G+mwcWmxzUcJ1/zqQ9mdHeS6ctgEYqhsMo"
    "yarxQvRmkJdDpKE="
)
_KEYRING = {
    "mac": "c405cbf4ff6c31adcca8cbf33615ee3904ce9a5471936d0065bb90239fbbc32a",
    "pdp_keyring": 1,
    "revision": 1,
    "slots": [
        {
            "kdf": "argon2id",
            "kind": "password",
            "lanes": 1,
            "memory_kib": 65536,
            "name": "owner",
            "nonce": "spDyxw1/nCHVsj8Y",
            "passes": 3,
            "salt": "CpkV2l1HRUyVrs/5q0Bndw==",
            "version": 19,
            "wrapped": (
                "1mc9oAFwLlWcLnIn8QifISWU5mgkDt64UJt38qhIq5/S2RmBAHfmNNYdzLk5Jq1oKy+QMyW00KOZUw462tw4C0n/"
                "kjMie8OWc49IUHDeSlP58tM9wsfLm7bP"
            ),
        },
        {
            "kind": "recovery",
            "name": "recovery",
            "proof": "4119583814d55e977f1ff937028909849186c18286e4cf7e46d90e07e4417c45",
            "recipient": "age13mggp3ztv0nekdq8a45p7ek849n3x5zt6xgwgfhw4rjvmz2rtexqd7e5g0",
            "wrapped": (
                "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBvTkUrN285L001am5xV0tTcHhjOHk4TjZETkcyeGUvYkoy"
                "Z0FvMkRqTlJZCmhVaUtUb09jOGdLWkJxK2xTelltdFc5WVhkQU55WjRhdEZON0lRR09pclUKLT4gXn42Ri1ncmVh"
                "c2UgQGNgCkNZVGordXJMcjZSaGh3MCthWTZTWlNEOUpHSUF5SEZ5U3V4Qm1sYjJjSzgKLS0tIFVySGxkZVQ1M0hW"
                "eTlaMFFrWkw0ZkNqUkJvVzhpNm9WMmlZNGk4Z1g3TzAKnA8XRnD611andUHXEwuJB/ALRzGHhqBrr5psm2NXkmJC"
                "2jw9NOZzKPJho4VIx3yXDyuJIH+7K38vWKdgWQmYy/u4IkIUswo/lpElVr3Xymw3Wq2wpupP/JgVNBAaEuvY8tlR"
                "CBRViewAMA=="
            ),
        },
        {
            "kind": "recipient",
            "name": "ci",
            "proof": "6991e66a8a56009d6d295ed9d67c641c93e3f85f8ab83a8507e4150a7b035f5d",
            "recipient": "age1g6hgkssrvlrctvkljelup6e9qks2jpwgt3x4gqhyz2fa55rm0fksz3tu02",
            "wrapped": (
                "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSByQmxCVXNxbWl5SGQ2bldiTWd3dFJmZXoxMHZpTkVWMXVk"
                "VDVFL2s3NHlVCmZaK2pCSlhmcWdvbXQxTkY5eHVDako0UTFja2RxMFFGaXJ6enZJY05JYlkKLT4gLlYtZ3JlYXNl"
                "CmRBai9xV3FCY2RETEdNbE5NQQotLS0geVlpMmNCWkV3dzNCcHZzR1JuaGp2TTZwTW9yR3NMdFlSVkFDNEwvUnIw"
                "YwpA5LaaGt6oNGBDMcx6T5kIWx1I4xUR65+tycouAHecg0BN+uQFNeuGbfoznhSaFiQBv079VAJqd9tTamGKMpQr"
                "9DsRfPwnaZI/ptVh3jF2/7hnSHUfRE5x66844JAsVzqGiVpng3GVXiB/"
            ),
        },
    ],
}
KEYRING = json.dumps(_KEYRING, indent=1).encode() + b"\n"
