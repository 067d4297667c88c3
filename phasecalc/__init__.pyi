from ._version import __version__ as __version__
from .model import Point as Point
from .model import ToyModel as ToyModel
from .model import Uniform as Uniform
from .symbols import S as S
from .symbols import p as p
from .symbols import r as r
